package io.signalbox.server.store;

/**
 * The will of a connected client in another form, because it showed another credential. Result:
 * null.
 *
 * @param will as in {@link OpenSession}
 */
public record RenewWill(long number, long epoch, byte[] will) implements Command {

  @Override
  public int bytes() {
    return 128 + will.length;
  }
}
