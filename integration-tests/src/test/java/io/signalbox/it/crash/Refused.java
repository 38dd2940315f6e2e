package io.signalbox.it.crash;

/** The broker has no room for what a client asked, which {@link Stage} knows to be so or not. */
final class Refused extends Gone {
  private static final long serialVersionUID = 1;

  Refused(String what) {
    super(what);
  }
}
