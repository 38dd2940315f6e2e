package io.signalbox.acl.subject;

import java.util.Locale;
import java.util.Optional;

/** What proved who the client is. */
public enum AuthMethod {
  CERTIFICATE,
  JWT,
  PASSWORD,
  /** The AUTH packets of MQTT 5.0 section 4.12. */
  ENHANCED,
  ANONYMOUS;

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<AuthMethod> of(String word) {
    for (AuthMethod method : values()) {
      if (method.word().equals(word)) {
        return Optional.of(method);
      }
    }
    return Optional.empty();
  }
}
