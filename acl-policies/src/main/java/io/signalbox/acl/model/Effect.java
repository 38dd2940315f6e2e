package io.signalbox.acl.model;

import java.util.Locale;

/** What a matching statement does; a deny always wins. */
public enum Effect {
  ALLOW,
  DENY;

  private final String word = name().toLowerCase(Locale.ROOT);

  /** As it is written in a policy. */
  public String word() {
    return word;
  }
}
