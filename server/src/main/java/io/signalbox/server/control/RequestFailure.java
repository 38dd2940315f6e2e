package io.signalbox.server.control;

/** A request that could not be carried out. The message is for people. */
public final class RequestFailure extends Exception {
  public RequestFailure(String message) {
    super(message, null, false, false);
  }
}
