package io.signalbox.server.scram;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The server's half of one exchange (RFC 5802 section 5), without channel binding: the client's
 * first message is answered by {@link #first}, its final one by {@link #last}. One thread at a
 * time.
 */
public final class ScramServer {
  private static final int MESSAGE_BYTES_MAX = 4_096;
  private static final int NONCE_BYTES = 18;

  private final Function<String, ScramVerifier> verifiers;
  private final Supplier<String> nonces;

  // From the client's first message on.
  private @Nullable String name;
  private @Nullable ScramVerifier verifier;
  private String gs2Header = "";
  private String nonce = "";
  private String bareThenServerFirst = "";

  /**
   * @param verifiers by prepared name; gives one for a name that nobody has, too
   */
  public ScramServer(Function<String, ScramVerifier> verifiers, RandomGenerator random) {
    this(verifiers, () -> nonce(random));
  }

  /**
   * @param nonces printable, without a comma
   */
  ScramServer(Function<String, ScramVerifier> verifiers, Supplier<String> nonces) {
    this.verifiers = verifiers;
    this.nonces = nonces;
  }

  private static String nonce(RandomGenerator random) {
    byte[] bytes = new byte[NONCE_BYTES];
    random.nextBytes(bytes);
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** Whether the client's first message was taken. */
  public boolean hasBegun() {
    return name != null;
  }

  /** Whom the client says it is, in prepared form. */
  public String name() {
    String known = name;
    if (known == null) {
      throw new IllegalStateException("before the client's first message");
    }
    return known;
  }

  /**
   * Takes client-first-message.
   *
   * @return server-first-message
   */
  public byte[] first(byte[] message) throws ScramException {
    if (hasBegun()) {
      throw new IllegalStateException("a second client-first-message");
    }
    var in = new ScramMessage(text(message));
    switch (in.flag()) {
      case 'n', 'y' -> {} // "y": the client could bind channels and believes that we cannot
      default -> throw new ScramException("a first message that asks for channel binding");
    }
    String authorizationId = in.authorizationId();
    gs2Header = in.taken();
    String bare = in.rest();
    String userName = SaslPrep.prepare(in.saslName('n'));
    String clientNonce = in.value('r');
    in.extensions();
    if (userName.isEmpty() || clientNonce.isEmpty()) {
      throw new ScramException("a first message without user name or nonce");
    }
    if (!authorizationId.isEmpty() && !SaslPrep.prepare(authorizationId).equals(userName)) {
      throw new ScramException("a first message of one user who wants to act as another");
    }
    nonce = clientNonce + nonces.get();
    ScramVerifier found = verifiers.apply(userName);
    String answer =
        "r=%s,s=%s,i=%d"
            .formatted(nonce, Base64.getEncoder().encodeToString(found.salt()), found.iterations());
    bareThenServerFirst = bare + "," + answer + ",";
    verifier = found;
    name = userName;
    return answer.getBytes(UTF_8);
  }

  /**
   * Takes client-final-message.
   *
   * @return server-final-message with the server's own proof, or null if the client's proof is
   *     wrong
   */
  public byte @Nullable [] last(byte[] message) throws ScramException {
    ScramVerifier known = verifier;
    if (known == null) {
      throw new IllegalStateException("before the client's first message");
    }
    verifier = null; // one proof an exchange
    String text = text(message);
    var in = new ScramMessage(text);
    byte[] binding = in.base64('c');
    String returned = in.value('r');
    int end = text.lastIndexOf(",p=");
    in.extensionsUntil(end + 1);
    byte[] proof = in.base64('p');
    in.end();
    if (!MessageDigest.isEqual(binding, gs2Header.getBytes(UTF_8))) {
      throw new ScramException("a final message whose channel binding is not the first one's");
    }
    if (!MessageDigest.isEqual(returned.getBytes(UTF_8), nonce.getBytes(UTF_8))) {
      throw new ScramException("a final message with another nonce");
    }
    byte[] authMessage = (bareThenServerFirst + text.substring(0, end)).getBytes(UTF_8);
    if (!known.isProvedBy(proof, authMessage)) {
      return null;
    }
    return ("v=" + Base64.getEncoder().encodeToString(known.serverSignature(authMessage)))
        .getBytes(UTF_8);
  }

  private static String text(byte[] message) throws ScramException {
    if (message.length > MESSAGE_BYTES_MAX) {
      throw new ScramException(
          "a message of " + message.length + " bytes, more than " + MESSAGE_BYTES_MAX);
    }
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(message)).toString();
    } catch (CharacterCodingException e) {
      throw new ScramException("a message that is not UTF-8");
    }
  }
}
