package io.signalbox.it.conformance;

/** Chapters of both standards that hold numbered statements. */
enum Chapter {
  DATA(1, "1 Data representation"),
  FORMAT(2, "2 Control Packet format"),
  PACKETS(3, "3 Control Packets"),
  BEHAVIOUR(4, "4 Operational behaviour"),
  WEB_SOCKET(6, "6 WebSocket"),
  CONFORMANCE(7, "7 Conformance");

  private final int number;
  private final String title;

  Chapter(int number, String title) {
    this.number = number;
    this.title = title;
  }

  boolean holds(Statement statement) {
    return statement.chapter() == number;
  }

  @Override
  public String toString() {
    return title;
  }
}
