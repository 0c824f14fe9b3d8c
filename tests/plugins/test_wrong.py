"""The conformance suite says no to backends that are wrong, in the right place, with the cure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from distill_core.claims import installed_claims

from . import environment, folder, found

LIMIT = 600  # seconds; it takes half a minute on one core
ACCEPTED = "test_core_accepts_it"

# for each wrong backend: the test that is about its fault, and what its message must say;
# then the tests that cannot but fail with it
WRONG: dict[str, tuple[str, tuple[str, ...], set[str]]] = {
    "torch_at_once": (
        "test_its_import_pulls_nothing_heavy",
        ("torch_at_once.py:5", "Import that inside the hooks"), set(),
    ),
    "thawed": ("test_its_configs_are_frozen", ("@attrs.frozen(kw_only=True)",), {ACCEPTED}),
    "placed": ("test_its_configs_are_keyword_only", ("tilt", "@attrs.frozen(kw_only=True)"), set()),
    "bare": (
        "test_its_configs_hold_knobs_only", ("Bare.patience", "= knob(DEFAULT, help=…)"), {ACCEPTED}
    ),
    "wordless": (
        "test_every_knob_has_a_sentence", ("Wordless.tilt", "Write a full sentence"), set()
    ),
    "unbounded": (
        "test_bounds_contain_the_default",
        ("2 must lie between -1 and 1", "Change the default"), {ACCEPTED},
    ),
    "hollow": ("test_only_optional_knobs_are_automatic", ("Write width: … | None",), {ACCEPTED}),
    "unequal": ("test_flags_are_unique", ("--batch", "Rename one of the fields"), {ACCEPTED}),
    "grabbing": (
        "test_flags_are_unreserved",
        ("--duration", "`distill generate` has itself", "Rename the field"), set(),
    ),
    "clashing": (
        "test_names_are_unreserved", ("Clashing.duration", "model.generate", "Rename"), set()
    ),
    "greedy": (
        "test_every_hook_argument_is_known",
        ("weather", "model_type, model, config, request", "upgrade distill-core"), {ACCEPTED},
    ),
    "defaulting": (
        "test_every_hook_argument_is_known",
        ("takes host with a default", "def distill_build(…, host, …)"), set(),
    ),
    "misspelt": (
        "test_every_hook_is_known",
        ("Did you mean distill_adapt?", "upgrade distill-core"), {ACCEPTED},
    ),
    "unmarked": ("test_every_hook_is_marked", ("distill_adapt", "Write @hookimpl"), set()),
    "wanting": (
        "test_every_needed_hook_is_there", ("no distill_generate", "Add each with @hookimpl"), set()
    ),
    "renamed": (
        "test_its_record_bears_the_entry_points_name",
        ("['named_otherwise']", "Return a list of ModelType"), {ACCEPTED},
    ),
    "pointing": (
        "test_its_entry_point_names_a_module",
        ('pointing = "distill_wrong_fixtures.pointing"',), set(),
    ),
    "untold": (
        "test_its_distribution_says_what_it_is",
        ('Write description = "One sentence."',), {"test_its_distribution_needs_core"},
    ),
    "seeding": ("test_training_seeds_nothing", ("torch.manual_seed", "Take that out"), set()),
    "dicing": (
        "test_the_same_seed_builds_the_same_weights",
        ("level differs", "Draw first weights from torch's global generator"),
        {"test_the_same_seed_trains_the_same_weights", "test_going_on_equals_an_unbroken_run"},
    ),
    "peeking": (
        "test_it_builds_without_looking_at_values",
        ("meta tensors", "Look at no tensor's values while building"),
        {"test_what_was_trained_can_be_loaded"},
    ),
    "raising": (
        "test_it_trains",
        ("ValueError: no courage", "Mend what the lines above show of its own code"), set(),
    ),
    "idle": ("test_training_changes_a_weight", ("Let the loss depend on its parameters",), set()),
    "deaf": (
        "test_it_stops_when_asked",
        ("stop at step 1 and went on to step 4", "Look at run.stopping between steps"), set(),
    ),
    "stateful": (
        "test_going_on_equals_an_unbroken_run",
        ("level differs", "Keep all that the next step depends on"), set(),
    ),
    "forgetful": (
        "test_what_is_loaded_is_what_was_trained",
        ("register_buffer", "a plain attribute is lost"), set(),
    ),
    "trusting": (
        "test_foreign_weights_are_refused",
        ("A file that lacks a tensor", "Leave distill_load out"), set(),
    ),
    "short": (
        "test_a_take_has_its_length_to_the_sample",
        ("takes of [1, 1]", "until request.samples are made"), set(),
    ),
    "doubling": (
        "test_a_take_has_its_length_to_the_sample",
        ("it yields torch.float64", "Yield float32 [B, C, T_i]"),
        {"test_a_take_is_finite_and_not_silent", "test_a_take_ends_by_itself"},
    ),
    "nans": (
        "test_a_take_is_finite_and_not_silent",
        ("not finite", "Look for a division by zero"), set(),
    ),
    "silent": (
        "test_a_take_is_finite_and_not_silent",
        ("silent (peak 1.5e-07)", "excuse this test with that as the reason"), set(),
    ),
    "unending": (
        "test_a_take_ends_by_itself",
        ("made nothing", "yield one sound to its natural end"),
        {"test_a_take_is_finite_and_not_silent"},
    ),
    "drawing": (
        "test_playing_leaves_the_global_generators",
        ("generator of torch", "generator=request.rngs[take]"),
        {"test_the_same_seed_is_the_same_sound", "test_a_take_is_the_same_among_others"},
    ),
    "stubborn": (
        "test_another_seed_is_another_sound", ("Draw what differs from take to take",), set()
    ),
    "mixing": (
        "test_a_take_is_the_same_among_others", ("Draw each row from its own generator",), set()
    ),
    "wearing": ("test_playing_changes_no_weight", ("Playing changed level", "copies"), set()),
    "cutting": (
        "test_sounds_of_any_length_are_coded",
        ("[2, 1, 0], not int64 [2, 1, 1]", "Pad the last frame"),
        {"test_codes_are_decoded_to_any_length"},
    ),
    "beyond": (
        "test_sounds_of_any_length_are_coded", ("beyond 0 to 15", "Clamp them"),
        {"test_codes_are_decoded_to_any_length"},
    ),
    "trimming": (
        "test_a_morph_has_the_shape_of_its_sounds",
        ("into torch.float32 [2, 1, 0]", "has to be float32 of the same shape"), set(),
    ),
    "retreating": (
        "test_a_morph_begins_and_ends_with_its_sounds",
        ("morph at 0 is not what the model makes of the first sound", "to the second (1)"), set(),
    ),
    "leaping": (
        "test_the_middle_of_a_morph_is_neither_end",
        ("is its first end", "Let what it gives follow the amount"), set(),
    ),
    "halving": (
        "test_a_wide_take_has_two_channels_to_the_sample",
        ("has not the channels that were asked for: [2, 2, T]",), set(),
    ),
    "splitting": (
        "test_at_width_0_both_channels_are_alike", ("part from it by request.width",), set()
    ),
    "flattening": (
        "test_at_width_1_they_differ", ("alike", "Draw a second, related sound"), set()
    ),
    "opposing": (
        "test_the_sum_of_a_wide_take_does_not_cancel",
        ("cancel in mono (correlation -1.00 at width 1)", "not by turning one round"), set(),
    ),
    "shunning": (
        "test_it_mixes_with_a_copy_of_itself",
        ("mixes_with gives False", "built from the same config"), set(),
    ),
    "losing": (
        "test_it_fits_the_settings_that_it_knows",
        ("fitting makes None of Generating(gain=1.0)", "Give settings back"), set(),
    ),
    "adding": (
        "test_a_model_blended_with_itself_is_itself",
        ("differ from the model alone by", "the weights sum to 1"), set(),
    ),
    "ignoring": (
        "test_another_partner_changes_the_take", ("Look at request.blend",), set()
    ),
    "boasting": (
        "test_its_presets_can_be_played",
        ("'loudest of all'", "gain: 30 must lie between 0.5 and 2", "Generating's settings"), set(),
    ),
    "early": ("test_training_seeds_nothing", ("torch.manual_seed", "Take that out"), set()),
    "littering": (
        "test_training_writes_only_into_its_folder",
        ("writes litter.txt outside", "Write into run.folder"), set(),
    ),
    "sharing": (
        "test_a_model_keeps_what_it_learnt_to_itself",
        ("once another was trained", "no globals"), set(),
    ),
    "claiming": (
        "test_strangers_files_are_not_claimed",
        ("as ['claiming']", "None otherwise"), set(),
    ),
    "reusing": (
        "test_chunks_stay_as_they_were_given", ("changed after it was yielded", ".clone()"), set()
    ),
    "levelling": (
        "test_a_sound_is_coded_alone_as_among_others",
        ("codes change with the others", "Mix nothing across the batch"), set(),
    ),
    "fussy": (
        "test_one_short_clip_is_enough",
        ("IndexError", "Trained on one clip of 10 ms"), set(),
    ),
    "owning": (
        "test_a_companion_leaves_its_host_alone",
        ("keeps its host's weights", "Hand the host to methods"), set(),
    ),
    "narrow": (
        "test_another_rate_and_other_channels_work_too",
        ("channels 2", "Take both from the model config"), set(),
    ),
}  # fmt: skip


class Verdict(NamedTuple):
    """What the suite said of one backend: messages of the tests that failed, and what passed."""

    failed: dict[str, str]
    passed: set[str]


@pytest.fixture(scope="session")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Run the suite over all of them, in a pytest of its own."""
    place = tmp_path_factory.mktemp("verdicts")
    (place / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    report, suite = place / "report.xml", folder("wrong") / "suite.py"
    command = [
        sys.executable, "-m", "pytest", str(suite), "-q", "-p", "no:cacheprovider", "--noconftest",
        "-c", str(place / "pytest.ini"), "--rootdir", str(place), f"--junitxml={report}",
    ]  # fmt: skip
    told = environment(place / "home", "wrong")
    done = subprocess.run(
        command, env=told, cwd=place, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return _read(report)


def _read(report: Path) -> dict[str, Verdict]:
    """Read pytest's report, by the backend's name."""
    verdicts: dict[str, Verdict] = {}
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - pytest's own
        name = str(case.get("classname")).rpartition("Test_")[2]
        verdict = verdicts.setdefault(name, Verdict({}, set()))
        test = str(case.get("name")).partition("[")[0]
        faults = [each for each in case if each.tag in {"failure", "error"}]
        if faults:
            kind = "" if faults[0].tag == "failure" else "ERROR: "
            verdict.failed.setdefault(test, f"{kind}{faults[0].get('message')}")
        elif case.find("skipped") is None:
            verdict.passed.add(test)
    return verdicts


def test_the_right_one_passes_everything(verdicts: dict[str, Verdict]) -> None:
    """The others differ from it in their fault alone, so that nothing else can be what fails."""
    assert not verdicts["right"].failed
    assert len(verdicts["right"].passed) > 50


def test_every_wrong_one_is_tried(verdicts: dict[str, Verdict]) -> None:
    """A fixture without a line here would prove nothing."""
    brought = {claim.name for claim in installed_claims(found("wrong"))}
    assert set(verdicts) == brought == set(WRONG) | {"right"}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_one_fails_where_its_fault_is(verdicts: dict[str, Verdict], name: str) -> None:
    """Its author learns from one message what is wrong and what to do, and is not led astray."""
    test, words, besides = WRONG[name]
    failed = verdicts[name].failed
    assert set(failed) == {test} | besides
    for word in words:
        assert word in failed[test]
    assert "Traceback" not in failed[test]
    assert "\n" not in failed[test]
