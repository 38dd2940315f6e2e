package io.signalbox.acl.model;

import java.util.Locale;

/** Which PUBLISH a statement means by its RETAIN flag. */
public enum RetainRule {
  /** RETAIN must be 0; what an allow says when it says nothing. */
  FORBID,
  /** Either; what a deny says when it says nothing. */
  ALLOW,
  /** RETAIN must be 1. */
  ONLY;

  public boolean admits(boolean retained) {
    return this == ALLOW || retained == (this == ONLY);
  }

  private final String word = name().toLowerCase(Locale.ROOT);

  /** As it is written in a policy. */
  public String word() {
    return word;
  }
}
