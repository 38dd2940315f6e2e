package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** Asserts that bad input gets an explanation. */
public final class Refusals {
  private Refusals() {}

  /** The action must throw a {@link PkiException} whose message contains the part. */
  public static PkiException assertRefused(String part, Executable action) {
    PkiException e = assertThrows(PkiException.class, action);
    assertTrue(e.getMessage().contains(part), e.getMessage());
    return e;
  }
}
