"""REINFORCE: the policy, the price of cost, and what searches without noise add."""
