package io.signalbox.acl.subject;

import java.util.Locale;
import java.util.Optional;

/** How the bytes travel; the names are the URI schemes that MQTT clients use. */
public enum Transport {
  MQTT,
  MQTTS,
  WS,
  WSS;

  /** {@code mqtt}, {@code mqtts}, {@code ws} or {@code wss}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public boolean isEncrypted() {
    return this == MQTTS || this == WSS;
  }

  public static Optional<Transport> of(String word) {
    for (Transport transport : values()) {
      if (transport.word().equals(word)) {
        return Optional.of(transport);
      }
    }
    return Optional.empty();
  }
}
