package io.signalbox.pki;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Objects;

/** A random secret of the broker's own, in a file of the data directory with mode 0600. */
public final class SecretFile {
  private static final int SECRET_BYTES = 32;
  private static final int FILE_BYTES_MAX = 1_024;

  private SecretFile() {}

  /**
   * Reads the secret, after making it if there is none. Safe for two processes at once: both get
   * the same.
   *
   * @param what for messages, such as "token key"
   * @param remedy what to do about a damaged one, for the message
   * @throws PkiException if it cannot be read or made, or is damaged; it is never replaced
   */
  public static byte[] openOrCreate(Path file, SecureRandom random, String what, String remedy)
      throws PkiException {
    try {
      if (Files.notExists(file)) {
        create(file, random);
      }
      return read(file, what, remedy);
    } catch (IOException e) {
      throw new PkiException(
          "cannot make or read the " + what + " \"" + file + "\": " + e.getMessage(), e);
    }
  }

  private static void create(Path file, SecureRandom random) throws IOException, PkiException {
    var secret = new byte[SECRET_BYTES];
    random.nextBytes(secret);
    AtomicFile.createSecretFolder(Objects.requireNonNull(file.toAbsolutePath().getParent()));
    Path fresh =
        file.resolveSibling(
            "." + file.getFileName() + "." + HexFormat.of().toHexDigits(random.nextLong()));
    AtomicFile.writeSecret(fresh, Base64.getEncoder().encodeToString(secret) + "\n");
    try {
      Files.createLink(file, fresh); // fails if another process was faster: its secret is then ours
    } catch (FileAlreadyExistsException _) {
      // read it
    } finally {
      Files.delete(fresh);
    }
    AtomicFile.forceFolder(file.toAbsolutePath().resolveSibling("."));
  }

  private static byte[] read(Path file, String what, String remedy)
      throws IOException, PkiException {
    byte[] secret = {};
    if (Files.size(file) <= FILE_BYTES_MAX) {
      String text = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
      try {
        secret = Base64.getDecoder().decode(text);
      } catch (IllegalArgumentException _) {
        // damaged: too short below
      }
    }
    if (secret.length < SECRET_BYTES) {
      throw new PkiException("the " + what + " \"" + file + "\" is damaged; " + remedy);
    }
    return secret;
  }
}
