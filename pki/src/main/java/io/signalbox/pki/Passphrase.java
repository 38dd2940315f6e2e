package io.signalbox.pki;

import java.nio.file.Path;

/** The passphrase of a key file; {@link #toString} does not show it. */
public final class Passphrase {
  private static final int CHARS_MIN = 8;

  private final char[] characters;

  private Passphrase(char[] characters) {
    this.characters = characters;
  }

  /**
   * A passphrase, or a token's PIN, as somebody gave it.
   *
   * @throws PkiException if it is empty
   */
  public static Passphrase of(String text) throws PkiException {
    if (text.isEmpty()) {
      throw new PkiException("the passphrase is empty; give the one that was chosen for the key");
    }
    return new Passphrase(text.toCharArray());
  }

  /** The first line of a file. */
  public static Passphrase ofFile(Path file) throws PkiException {
    String text = Pem.readText(file);
    return of(text.lines().findFirst().orElse(""));
  }

  /** The value of an environment variable. */
  public static Passphrase ofEnvironment(String variable) throws PkiException {
    String value = System.getenv(variable);
    if (value == null) {
      throw new PkiException(
          "the environment variable " + variable + " is not set; it must hold the passphrase");
    }
    return of(value);
  }

  /** For encrypting; what exists is read with whatever passphrase it has. */
  void requireLong() throws PkiException {
    if (characters.length < CHARS_MIN) {
      throw new PkiException(
          "the passphrase has fewer than " + CHARS_MIN + " characters; choose a longer one");
    }
  }

  char[] characters() {
    return characters;
  }

  @Override
  public String toString() {
    return "***";
  }
}
