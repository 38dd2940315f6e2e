package io.signalbox.server.packet;

/** When retained messages are sent for a subscription (MQTT 5.0 section 3.8.3.1). */
public enum RetainHandling {
  SEND(0),
  SEND_IF_NEW(1),
  DO_NOT_SEND(2);

  private static final RetainHandling[] BY_VALUE = values(); // in the order of their numbers

  private final int value;

  RetainHandling(int value) {
    this.value = value;
  }

  /** 0..2 as on the wire. */
  public int value() {
    return value;
  }

  /**
   * @param value 0..2; anything else is our own fault, a decoder refuses 3 before
   */
  public static RetainHandling of(int value) {
    return BY_VALUE[value];
  }
}
