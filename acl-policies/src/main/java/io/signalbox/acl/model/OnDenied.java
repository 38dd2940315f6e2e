package io.signalbox.acl.model;

import java.util.Locale;

/** What a denied PUBLISH does when the protocol has no way to say no. */
public enum OnDenied {
  DROP,
  DISCONNECT;

  /** As it is written in a policy. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
