import pickle

from gpuworker.errors import NoFace
from gpuworker.grid import Direction
from gpuworker.rendering.messages import Failed, Order, RenderRow


def test_orders_and_failures_travel_through_a_pipe_unchanged() -> None:
    order = Order(7, RenderRow((1, 2, 3, 4, 3), 0, (Direction(1, 2),)))
    assert pickle.loads(pickle.dumps(order)) == order
    failure = pickle.loads(pickle.dumps(Failed(7, NoFace())))
    assert isinstance(failure.error, NoFace)
    assert failure.error.sentence == NoFace.sentence_default
