package io.signalbox.server.packet;

/** The versions of MQTT spoken here. */
public enum ProtocolVersion {
  V3_1_1(4),
  V5(5);

  private final int level;

  ProtocolVersion(int level) {
    this.level = level;
  }

  /** The Protocol Level or Version byte of CONNECT. */
  public int level() {
    return level;
  }
}
