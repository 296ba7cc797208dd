"""The doctor: says why a request does not verify (为什么验签失败), and what is wrong with a deployed stack."""
