"""How an etcd member starts: founded, or lost and rejoining."""

import unittest

from image_paths import ROOT, use

use("etcd")
from members import Member, choose, initial_cluster, parse_members  # noqa: E402

OWN = Member("etcd-3", "10.0.0.4")
ALL = parse_members("etcd-1=10.0.0.2, etcd-2=10.0.0.3,etcd-3=10.0.0.4")


def entry(member: Member, name: bool = True, started: bool = True) -> dict:
    return {
        "name": member.name if name else "",
        "peerURLs": [member.peer_url],
        "clientURLs": [f"http://{member.address}:2379"] if started else None,
    }


class Choose(unittest.TestCase):
    def test_the_first_start_is_no_loss(self) -> None:
        self.assertEqual(choose(OWN, []), "new")
        founded = [entry(ALL[0]), entry(ALL[1]), entry(OWN, started=False)]
        self.assertEqual(choose(OWN, [founded, founded]), "new")

    def test_a_lost_volume(self) -> None:
        self.assertEqual(choose(OWN, [[entry(member) for member in ALL]]), "rejoin")

    def test_a_rejoin_that_was_cut_short(self) -> None:
        self.assertEqual(choose(OWN, [[entry(ALL[0]), entry(ALL[1])]]), "rejoin")
        added = [entry(ALL[0]), entry(ALL[1]), entry(OWN, name=False, started=False)]
        self.assertEqual(choose(OWN, [added]), "existing")

    def test_one_that_remembers_is_enough(self) -> None:
        stale = [entry(ALL[0]), entry(ALL[1]), entry(OWN, started=False)]
        self.assertEqual(choose(OWN, [stale, [entry(m) for m in ALL]]), "rejoin")

    def test_initial_cluster_names_every_member_once(self) -> None:
        listed = [entry(ALL[0]), entry(ALL[1]), entry(OWN, name=False)]
        self.assertEqual(
            initial_cluster(OWN, ALL, listed),
            "etcd-1=http://10.0.0.2:2380,etcd-2=http://10.0.0.3:2380,etcd-3=http://10.0.0.4:2380",
        )

    def test_faults(self) -> None:
        for text in ("", "etcd-1", "etcd-1=", "etcd-1=a,etcd-1=b"):
            with self.assertRaises(ValueError):
                parse_members(text)


class Copies(unittest.TestCase):
    SHARED = {
        "etcd_gateway.py": ("etcd", "postgres", "guard", "autoscaler", "site-agent"),
        "docker_socket.py": ("guard", "autoscaler"),
        "http_port.py": ("guard", "autoscaler", "site-agent", "dns-sync"),
        "silence.py": ("guard", "autoscaler", "site-agent"),
    }

    def test_what_several_images_have_is_the_same_in_each(self) -> None:
        for name, images in self.SHARED.items():
            files = [ROOT / "images" / image / "lib" / name for image in images]
            self.assertEqual(len({file.read_bytes() for file in files}), 1, name)

    def test_the_gate_is_the_same_for_members_and_poolers(self) -> None:
        files = ("postgres/lib/site_gate.py", "pooler/pooler/site_gate.py")
        self.assertEqual(len({(ROOT / "images" / file).read_bytes() for file in files}), 1)


if __name__ == "__main__":
    unittest.main()
