package io.signalbox.it.wire;

/** The four ways to carry MQTT; the lower-case name is the listener type in the configuration. */
public enum Transport {
  TCP,
  TLS,
  WS,
  WSS;

  public boolean isTls() {
    return this == TLS || this == WSS;
  }

  public boolean isWebSocket() {
    return this == WS || this == WSS;
  }
}
