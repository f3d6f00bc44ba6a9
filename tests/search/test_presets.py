from pathlib import Path

import attrs
import pytest

from tunas_dsl.search.presets import PRESETS, ROWS, preset_table, with_preset
from tunas_dsl.search.settings import PolicySettings, SearchSettings

ASKED = {"steps": 27_050, "target": 84.0}
DOCS = Path(__file__).parents[2] / "docs" / "search.md"


def settings(kind, preset, **given):
    return kind(**with_preset(kind, preset, {**ASKED, **given}))


def test_the_published_figures():
    """Facts 5, 7, 8 and 12."""
    paper, code = (settings(SearchSettings, preset, batch_size=4096) for preset in PRESETS[:2])
    assert (paper.policy_lr, code.policy_lr) == (3e-4, 3e-4 * 4096 / 256)
    assert (paper.rmsprop_epsilon, code.rmsprop_epsilon) == (0.1, 1.0)
    assert (paper.samples_per_step, code.samples_per_step) == (1, 32)
    assert (paper.validation_batch_size, code.validation_batch_size) == (4096, 16384)
    for one in (paper, code):
        assert (one.beta, one.beta_growth, one.cost_samples) == (-0.1, 1.0, 0)
        assert one.weight_lr == pytest.approx(2.64)
        assert one.delay_steps == 6762
        assert one.beta_at(27_049) == -0.1


def test_small_is_apart_and_computes_the_rest():
    small = settings(SearchSettings, "small")
    assert small == SearchSettings(**ASKED, phases="apart")
    assert small.ratings == 1.5 * small.batch_size * small.steps // small.rating_images
    fewer = settings(SearchSettings, "small", ratings=100, short_list=0)
    assert (fewer.ratings, fewer.short_list) == (100, 0)
    assert (fewer.of_policy().steps, fewer.of_policy().samples_per_step) == (25, 4)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("kind", [PolicySettings, SearchSettings])
def test_what_is_given_wins(preset, kind):
    assert settings(kind, preset, policy_lr=0.5, reward="soft", samples_per_step=2).policy_lr == 0.5
    assert settings(kind, None, beta=-0.2) == kind(**ASKED, beta=-0.2)


def test_rows_are_settings_and_tell_their_defaults():
    fields = attrs.fields_dict(SearchSettings)
    assert (
        fields.keys()
        >= {row.setting for row in ROWS}
        >= attrs.fields_dict(PolicySettings).keys() - {*ASKED, "seed"}
    )
    for row in ROWS:
        default = fields[row.setting].default
        if isinstance(default, int | float | str):
            shown = f"{default:g}" if isinstance(default, float) else str(default).lower()
            assert row.default.partition(", ")[0] == shown


def test_the_table_in_the_docs_is_current():
    assert preset_table() in DOCS.read_text(encoding="utf-8")
