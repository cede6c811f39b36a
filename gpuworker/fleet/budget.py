"""Daily budget, checked before a machine is rented and while it runs."""

from __future__ import annotations

from dataclasses import dataclass

from gpuworker.errors import BudgetSpent
from gpuworker.fleet.ledger import Ledger

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Budget:
    """Daily budget. daily: US dollars a day (UTC).

    reserve: seconds of the machine that must be affordable before one is rented;
    margin: seconds of it that are kept back while it runs, for what it costs until it has really stopped.
    """

    daily: float
    reserve: float = 1200.0
    margin: float = 600.0

    def spent(self, ledger: Ledger, now: float) -> float:
        """Today's dollars, whatever rented them."""
        midnight = now - now % DAY
        return sum(rental.cost(midnight, now) for rental in ledger.rentals(midnight))

    def left(self, ledger: Ledger, now: float) -> float:
        return self.daily - self.spent(ledger, now)

    def check(self, ledger: Ledger, now: float, hourly: float) -> None:
        """Raises BudgetSpent when a machine of that price must not be begun."""
        if self.left(ledger, now) < hourly * self.reserve / 3600:
            raise BudgetSpent(details={"retry_after": round(DAY - now % DAY)})

    def exhausted(self, ledger: Ledger, now: float, hourly: float) -> bool:
        """Whether running machines of that price together must stop now."""
        return self.left(ledger, now) <= hourly * self.margin / 3600

    def lifetime(self, ledger: Ledger, now: float, hourly: float) -> float:
        """Seconds after which the machine must end by itself, should the site be gone; at most a day."""
        if hourly <= 0:
            return DAY
        return max(60.0, min(DAY, self.left(ledger, now) / hourly * 3600 - self.margin))
