package io.signalbox.server.auth;

/** What a client's policies say of a subscription that they no longer allow. */
public enum OnRevoke {
  /** Nothing: a 5.0 client is disconnected and told why, a 3.1.1 client's messages are filtered. */
  DEFAULT,
  /** It stays; only messages that are still allowed are delivered. */
  FILTER,
  /** It ends, and the connection with it. */
  DISCONNECT
}
