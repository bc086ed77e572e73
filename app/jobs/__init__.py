"""What the worker and the schedule run: functions that take ids and call one service. Each may run twice."""
