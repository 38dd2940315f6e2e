package io.signalbox.it.crash;

/** The connection ended under a client. */
class Gone extends RuntimeException {
  private static final long serialVersionUID = 1;

  Gone(String how) {
    super(how, null, false, false);
  }
}
