"""A run that was prepared in one slot, given back, and executed after all."""

from __future__ import annotations

from tests.compute.test_slot import SLEEP, Bench, in_slot


def test_its_copy_of_the_source_may_have_links_in_it(short):
    tree = short / "tree"
    tree.mkdir()
    (tree / "file").write_text("x")
    (tree / "link").symlink_to("file")

    async def story(here: Bench) -> None:
        first = here.order(SLEEP)
        second = here.order("print(open('link').read())", run="1.1", tree=str(tree))
        await here.slot.start(first, second)
        await here.hear("started")
        await here.slot._ready["1.1"]
        await here.slot.recall()
        assert (await here.hear("returned"))["run"] == "1.1"
        await here.slot.stop("0.1", 0)
        await here.hear("ended")
        await here.slot.start(second)
        assert (await here.hear("ended", "refused")).get("code") == 0
        assert here.output("1.1") == "x\n"

    in_slot(story, short)
