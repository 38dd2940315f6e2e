package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import io.signalbox.server.config.AddressRange;
import java.net.InetAddress;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A secret with which devices that have no certificate yet enrol. Only a hash of it is kept: it is
 * long and random, so that one round of SHA-256 is enough.
 *
 * @param hash SHA-256 of name and secret, hexadecimal
 * @param hint the last characters of the secret
 * @param editedRevision revision of the last change that was no use; {@link #THIS} for the stamp's
 * @param expiresAtMillis {@link #NEVER} if it does not
 * @param allowedCidrs from where it may be used; empty: from everywhere
 */
public record ClaimToken(
    String name,
    String template,
    String hash,
    String hint,
    int maxUses,
    int uses,
    long editedRevision,
    long expiresAtMillis,
    List<String> allowedCidrs,
    boolean enabled,
    Stamp stamp)
    implements Entry<ClaimToken> {

  public static final long NEVER = Long.MAX_VALUE;

  private static final long THIS = 0;
  private static final int SECRET_CHARS_MIN = 24;
  private static final int SECRET_CHARS_MAX = 256;
  private static final int HINT_CHARS = 4;

  static ClaimToken read(String name, Fields in, @Nullable ClaimToken earlier, Stamp stamp) {
    in.ignore("name");
    String hash = earlier == null ? "" : earlier.hash;
    String hint = earlier == null ? "" : earlier.hint;
    int uses = earlier == null ? 0 : earlier.uses;
    long editedRevision = earlier == null ? THIS : earlier.editedRevision;
    if (in.isRow()) {
      hash = in.required("hash", 64);
      hint = in.required("hint", 16);
      uses = (int) in.number("uses", 0, 0, Integer.MAX_VALUE);
      editedRevision = in.number("editedRevision", THIS, THIS, Long.MAX_VALUE);
    } else {
      in.ignore("hint", "uses");
      String secret = in.optional("secret", SECRET_CHARS_MAX);
      if (secret != null) {
        checkSecret(in, secret);
        String fresh = hash(name, secret);
        uses = fresh.equals(hash) ? uses : 0;
        hash = fresh;
        hint = secret.substring(Math.max(0, secret.length() - HINT_CHARS));
      } else if (earlier == null) {
        in.problem("secret", "must be given for a new claim token");
      }
    }
    String template = in.required("template", 64);
    if (!template.isEmpty() && !Names.isName(template)) {
      in.problem("template", "must be " + Names.RULE);
    }
    var read =
        new ClaimToken(
            name,
            template,
            hash,
            hint,
            (int) in.number("maxUses", 1, 1, 10_000_000),
            uses,
            editedRevision,
            in.time("expiresAt", NEVER),
            in.texts(
                "allowedCidrs", 64, 49, ClaimToken::isBlock, "an address block such as 10.0.0.0/8"),
            in.flag("enabled", true),
            stamp);
    return earlier == null || read.withStamp(earlier.stamp).equals(earlier)
        ? read
        : read.withUses(uses, THIS);
  }

  private static void checkSecret(Fields in, String secret) {
    if (secret.length() < SECRET_CHARS_MIN) {
      in.problem(
          "secret",
          "must have at least "
              + SECRET_CHARS_MIN
              + " characters; make one with: openssl rand -base64 24");
    }
  }

  private static boolean isBlock(String text) {
    try {
      AddressRange.of(text);
      return true;
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  private static String hash(String name, String secret) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update((name + "\0").getBytes(UTF_8)); // the same secret of another token is another
      return HexFormat.of().formatHex(sha256.digest(secret.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Whether this is the secret; takes the same time whatever it is. */
  boolean isSecret(String secret) {
    return MessageDigest.isEqual(hash(name, secret).getBytes(UTF_8), hash.getBytes(UTF_8));
  }

  boolean mayBeUsedFrom(InetAddress address) {
    return allowedCidrs.isEmpty()
        || allowedCidrs.stream().anyMatch(block -> AddressRange.of(block).contains(address));
  }

  /** A use is no change: one that leaked must be switched off while it is used. */
  @Override
  public boolean isAsAt(long revision) {
    return lastEdit() <= revision && revision <= stamp.revision();
  }

  private long lastEdit() {
    return editedRevision == THIS ? stamp.revision() : editedRevision;
  }

  ClaimToken usedOnceMore() {
    return withUses(uses + 1, lastEdit());
  }

  private ClaimToken withUses(int otherUses, long otherRevision) {
    return new ClaimToken(
        name,
        template,
        hash,
        hint,
        maxUses,
        otherUses,
        otherRevision,
        expiresAtMillis,
        allowedCidrs,
        enabled,
        stamp);
  }

  @Override
  public Kind<ClaimToken> kind() {
    return Kind.CLAIM_TOKEN;
  }

  @Override
  public ClaimToken withStamp(Stamp other) {
    return new ClaimToken(
        name,
        template,
        hash,
        hint,
        maxUses,
        uses,
        editedRevision,
        expiresAtMillis,
        allowedCidrs,
        enabled,
        other);
  }

  @Override
  public boolean isWithdrawnSince(ClaimToken earlier) {
    return earlier.enabled && !enabled;
  }

  @Override
  public void write(JsonObject out) {
    out.addProperty("template", template);
    out.addProperty("hint", hint);
    out.addProperty("maxUses", maxUses);
    out.addProperty("uses", uses);
    if (expiresAtMillis != NEVER) {
      out.addProperty("expiresAt", Fields.time(expiresAtMillis));
    }
    out.add("allowedCidrs", JsonOut.list(allowedCidrs));
    out.addProperty("enabled", enabled);
  }

  @Override
  public void writeHidden(JsonObject out) {
    out.addProperty("hash", hash);
    out.addProperty("editedRevision", editedRevision);
  }

  /** Never the hash. */
  @Override
  public String toString() {
    return "claim token " + name;
  }
}
