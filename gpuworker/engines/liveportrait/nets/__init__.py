"""Networks of LivePortrait, as the paper names them."""
