"""Who fled? Stocks and flows, and lags from violence to flight."""
