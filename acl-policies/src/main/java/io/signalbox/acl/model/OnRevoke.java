package io.signalbox.acl.model;

import java.util.Locale;

/** What happens to a subscription that a policy change no longer allows. */
public enum OnRevoke {
  /** It stays, and only messages that are still allowed are delivered. */
  FILTER,
  DISCONNECT;

  /** As it is written in a policy. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
