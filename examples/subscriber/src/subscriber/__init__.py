"""A subscriber of the Alipay notification gateway: `settlements` is what it does, `inbox` sees that it is done once."""
