package io.signalbox.it.wire;

/** The two protocol versions under test, with the Protocol Level byte of CONNECT. */
public enum Version {
  V3(4, "3.1.1"),
  V5(5, "5.0");

  private final int level;
  private final String label;

  Version(int level, String label) {
    this.level = level;
    this.label = label;
  }

  public int level() {
    return level;
  }

  public boolean isV5() {
    return this == V5;
  }

  @Override
  public String toString() {
    return label;
  }
}
