package io.signalbox.acl.model;

import java.util.Locale;

/** What a matching statement does; a deny always wins. */
public enum Effect {
  ALLOW,
  DENY;

  /** As it is written in a policy. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
