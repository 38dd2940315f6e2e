package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.pki.AtomicFile;
import io.signalbox.pki.PkiException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * The first administrator's credential: a random token in a file of the data directory with mode
 * 0600. Whoever may read the file is administrator; to change it, delete the file and start again.
 */
public final class LocalToken {
  /** As the audit log names who shows it. */
  static final String ACTOR = "local-administrator";

  /** Tells it from a JWT, and finds it where it should not be. */
  public static final String PREFIX = "sbadmin_";

  private static final Logger LOG = System.getLogger(LocalToken.class.getName());
  private static final String FILE = "admin.token";
  private static final int TOKEN_BYTES = 32;
  private static final int FILE_BYTES_MAX = 1_024;

  private final byte[] token;

  private LocalToken(String token) {
    this.token = token.getBytes(UTF_8);
  }

  /** Where the token of a data directory is. */
  public static Path file(Path dataDirectory) {
    return dataDirectory.resolve(FILE);
  }

  /**
   * Reads the token, after making it if there is none.
   *
   * @throws IOException with words for people: it cannot be made or read, or is damaged
   */
  public static LocalToken openOrCreate(Path dataDirectory, SecureRandom random)
      throws IOException {
    Path file = file(dataDirectory);
    try {
      if (Files.notExists(file)) {
        var bytes = new byte[TOKEN_BYTES];
        random.nextBytes(bytes);
        AtomicFile.writeSecret(
            file, PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes) + "\n");
        LOG.log(Level.INFO, "made the first administrator''s token in {0}", file);
      }
      return new LocalToken(read(file));
    } catch (PkiException e) {
      throw new IOException("cannot make the administrator's token: " + e.getMessage(), e);
    }
  }

  /**
   * The token in a file.
   *
   * @throws IOException with words for people
   */
  public static String read(Path file) throws IOException {
    String text = Files.size(file) > FILE_BYTES_MAX ? "" : Files.readString(file).strip();
    if (!text.matches(PREFIX + "[A-Za-z0-9_-]{43}")) {
      throw new IOException(
          "the administrator's token in \""
              + file
              + "\" is damaged; delete the file and start the broker again, which makes another");
    }
    return text;
  }

  /** Takes the same time whatever is shown. */
  boolean is(String shown) {
    return MessageDigest.isEqual(shown.getBytes(UTF_8), token);
  }

  /** Never the token. */
  @Override
  public String toString() {
    return "local token";
  }
}
