package io.signalbox.server.eventloop;

/** The clocks of the machine. */
enum SystemClocks implements Clocks {
  INSTANCE;

  @Override
  public long wallMillis() {
    return System.currentTimeMillis();
  }

  @Override
  public long nanos() {
    return System.nanoTime();
  }
}
