"""What searches and trainings share: folders, events, saving, settings, interruption."""
