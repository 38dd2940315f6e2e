package io.signalbox.acl.model;

import java.util.Locale;

/** Whether a policy decides or is only watched. */
public enum Mode {
  ENFORCE,
  /** Evaluated beside the policies in force; differences are logged, nothing is decided. */
  OBSERVE;

  /** As it is written in a policy. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
