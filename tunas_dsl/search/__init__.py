"""What a search is, free of any tensor library: settings, schedules, rewards, and its run folder on disk."""
