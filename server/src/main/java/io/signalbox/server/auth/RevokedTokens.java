package io.signalbox.server.auth;

import io.signalbox.pki.FileChange;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.TokenClaims;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tokens that are void before their end, by issuer and {@code jti}: one a line in a file, which is
 * read again when it changes, and at every look while it cannot be used. {@link #refresh} is called
 * by one thread, the rest by any.
 */
final class RevokedTokens {
  private static final Logger LOG = System.getLogger(RevokedTokens.class.getName());
  private static final int TOKENS_MAX = 1_000_000;
  private static final long FILE_BYTES_MAX = 256L << 20;

  private final @Nullable Path file;
  private final @Nullable FileChange change;
  private final Metrics metrics;
  private volatile Set<String> revoked = Set.of();

  private RevokedTokens(@Nullable Path file, Metrics metrics) {
    this.file = file;
    this.metrics = metrics;
    this.change = file == null ? null : new FileChange(file); // before it is read
  }

  /**
   * @param file null: no token is void before its end
   * @throws AuthSetupException if it cannot be read
   */
  static RevokedTokens open(@Nullable Path file, Metrics metrics) throws AuthSetupException {
    RevokedTokens tokens = new RevokedTokens(file, metrics);
    FileChange change = tokens.change;
    if (file != null && change != null) {
      tokens.revoked = load(file);
      metrics.credentialFilesStale.from(() -> change.isRefused() ? 1 : 0);
    }
    return tokens;
  }

  /**
   * What the file holds.
   *
   * @throws AuthSetupException if it cannot be used
   */
  static Set<String> load(Path file) throws AuthSetupException {
    try {
      return read(file);
    } catch (IOException | IllegalArgumentException e) {
      throw new AuthSetupException(
          List.of("auth.jwt.revoked-tokens-file: \"" + file + "\": " + e.getMessage()), e);
    }
  }

  private static Set<String> read(Path file) throws IOException {
    if (Files.size(file) > FILE_BYTES_MAX) {
      throw new IllegalArgumentException("larger than " + FILE_BYTES_MAX + " bytes");
    }
    Set<String> all = new HashSet<>();
    int number = 0;
    for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      number++;
      String text = line.strip();
      if (text.isEmpty() || text.startsWith("#")) {
        continue;
      }
      String[] words = text.split("\\s+", -1);
      if (words.length != 2) {
        throw new IllegalArgumentException(
            "line " + number + " is not the name of an issuer, a space and a jti");
      }
      all.add(key(words[0], words[1]));
      if (all.size() > TOKENS_MAX) {
        throw new IllegalArgumentException(
            "more than " + TOKENS_MAX + " tokens; take out those that have expired");
      }
    }
    return Set.copyOf(all);
  }

  private static String key(String issuer, String tokenId) {
    return issuer + " " + tokenId;
  }

  boolean isRevoked(TokenClaims token) {
    Set<String> now = revoked;
    return !now.isEmpty() && now.contains(key(token.issuer(), token.tokenId()));
  }

  /**
   * Reads the file if it is due; one that cannot be used leaves the last good one in force.
   *
   * @return whether it holds other tokens than before
   */
  boolean refresh() {
    Path where = file;
    if (where == null || change == null || !change.isDue()) {
      return false;
    }
    try {
      Set<String> fresh = read(where);
      boolean changed = !fresh.equals(revoked);
      revoked = fresh;
      change.taken();
      if (changed) {
        LOG.log(Level.INFO, "{0} tokens are void before their end", fresh.size());
      }
      return changed;
    } catch (IOException | IllegalArgumentException e) {
      refused(change, String.valueOf(e.getMessage()));
      return false;
    }
  }

  private void refused(FileChange change, String why) {
    if (change.refused(why)) {
      metrics.revokedTokensReloadsFailed.inc();
      LOG.log(Level.ERROR, "the list of revoked tokens is not reloaded: {0}", why);
    }
  }
}
