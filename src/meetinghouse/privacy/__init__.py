"""What is kept about people: given to them, erased when they wish, and deleted when its time is over."""
