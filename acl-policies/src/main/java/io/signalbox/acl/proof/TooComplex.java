package io.signalbox.acl.proof;

/** The search was given up before it knew; the answer is neither yes nor no. No stack trace. */
final class TooComplex extends RuntimeException {
  TooComplex(String message) {
    super(message, null, false, false);
  }
}
