package io.signalbox.acl.model;

import java.util.Locale;

/** What a deny does with a subscription that it covers only in part. */
public enum Overlap {
  REFUSE,
  /** Granted; the denied messages are dropped at delivery. */
  FILTER;

  /** As it is written in a policy. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
