package io.signalbox.server.packet;

/** Quality of Service (MQTT 5.0 section 4.3). */
public enum Qos {
  AT_MOST_ONCE(0),
  AT_LEAST_ONCE(1),
  EXACTLY_ONCE(2);

  private static final Qos[] BY_VALUE = values(); // in the order of their numbers

  private final int value;

  Qos(int value) {
    this.value = value;
  }

  /** 0..2 as on the wire. */
  public int value() {
    return value;
  }

  /**
   * @param value 0..2; anything else is our own fault, a decoder refuses 3 before
   */
  public static Qos of(int value) {
    return BY_VALUE[value];
  }

  /** The lower of the two. */
  public Qos min(Qos other) {
    return compareTo(other) <= 0 ? this : other;
  }
}
