package io.signalbox.acl.model;

import java.util.Locale;

/** What a statement is about. */
public enum Action {
  CONNECT,
  /** Also the Will Message, at CONNECT and when it fires. */
  PUBLISH,
  SUBSCRIBE,
  /** Delivery of a message to a subscription that was granted; only a deny makes sense here. */
  RECEIVE;

  private final String word = name().toLowerCase(Locale.ROOT);

  /** As it is written in a policy. */
  public String word() {
    return word;
  }
}
