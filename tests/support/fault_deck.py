"""Random faults of drsd and of the networks around it; what else can break is the engine's."""
import time

from support.drsd import Refused, wait_for


class FaultDeck:
    """Each call of one() breaks one thing for a while and mends it. `networks`: of "source" and "target" (BadNetwork). A subclass sets
    `kinds`, which are the methods with their arguments, and says at which points() drsd may end itself."""

    calm = 1.5  # seconds that a cut or a pause lasts at most
    bad = 6  # a network that is lost or stalls
    slow = 2  # one that delays or slices

    def __init__(self, rnd, service, networks):
        self.rnd, self.service, self.networks = rnd, service, networks
        self.task, self.kinds, self.deck, self.done = None, [], [], []

    def points(self, phase):
        raise NotImplementedError

    def one(self, began):
        """The next fault of the deck, which has each kind once."""
        if not self.deck:
            self.deck = self.rnd.sample(self.kinds, len(self.kinds))
        fault, *where = self.deck.pop()
        phase = self.service.client.status(self.task)
        assert not phase.endswith("_FAILED"), f"{phase}: {self.service.client.logs(self.task)[:5]}"
        more = fault(*where)
        self.done.append(fault.__name__)
        print(f"{time.monotonic() - began:6.1f} s {phase:24} {fault.__name__} {' '.join(map(str, where))} {more or ''}", flush=True)

    def hold(self, least, most):
        time.sleep(least + self.rnd.random() * (most - least))

    # -- drsd ----------------------------------------------------------------------------------------------------------
    def kill_drsd(self):
        self.service.kill()
        self.hold(0, 0.5)
        self.service.run()

    def kill_drsd_at_a_point(self):
        """It ends itself as it comes past the point for the n-th time, if it does within some seconds."""
        point = f"{self.rnd.choice(self.points(self.service.client.status(self.task)))}=kill@{self.rnd.randrange(1, 12)}"
        points = self.service.environment["OPENDRS_FAILPOINTS"]
        self.service.kill()
        self.service.environment["OPENDRS_FAILPOINTS"] = ",".join(filter(None, [points, point]))
        self.service.launch()
        deadline = time.monotonic() + 2 * self.calm
        while self.service.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        died = self.service.process.poll() is not None
        self.service.kill()
        self.service.environment["OPENDRS_FAILPOINTS"] = points
        self.service.run()
        return f"{point} {'' if died else '(not met)'}"

    def stop_drsd(self):
        self.service.stop()
        self.service.run()

    def pause(self):
        client = self.service.client

        def accepted(name, **params):
            try:
                return client.action(self.task, name, **params).get("status") == "success"
            except Refused as refused:
                if "Another operation" in str(refused):
                    return False
                raise
        wait_for(lambda: accepted("stop", pause_mode="target"), 30, "the pause", lambda: client.logs(self.task)[:5])
        wait_for(lambda: client.status(self.task) == "PAUSING", 30, "the pause", lambda: client.logs(self.task)[:5])
        self.hold(0, self.calm)
        wait_for(lambda: accepted("restart"), 60, "the restart", lambda: client.logs(self.task)[:5])

    # -- networks ------------------------------------------------------------------------------------------------------
    def cut(self, side, direction):
        after = self.rnd.choice([0, self.rnd.randrange(1, 3000), self.rnd.randrange(1, 200000)])
        closes = self.rnd.random() < 0.5
        self.networks[side].cut(direction, after, closes)
        self.hold(0.2, self.calm)
        self.networks[side].heal()
        return f"after {after} bytes{', and closed' if closes else ''}"

    def _bad(self, how, side, direction, most):
        getattr(self.networks[side], how)(direction)
        self.hold(0.3, most)
        self.networks[side].heal()

    def lose(self, side, direction):
        self._bad("lose", side, direction, self.bad)

    def stall(self, side, direction):
        self._bad("stall", side, direction, self.bad)

    def delay(self, side, direction):
        self._bad("delay", side, direction, self.slow)

    def slice(self, side, direction):
        self._bad("slice_up", side, direction, self.slow)
