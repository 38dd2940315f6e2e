package io.signalbox.server.bench.client;

import io.signalbox.server.bench.client.ClientException.Kind;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ReasonCode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.security.cert.CertificateException;
import java.util.Locale;
import javax.net.ssl.SSLException;

/** Says why a connection failed, and what its owner can do about it. */
public final class Explanation {
  private Explanation() {}

  static ClientException of(IOException failure, Endpoint endpoint) {
    return new ClientException(
        Kind.UNREACHABLE, endpoint + ": " + text(failure, endpoint), failure);
  }

  /** Of a connection that had been answered: it cannot be the wrong port. */
  static ClientException ofConnected(IOException failure, Endpoint endpoint) {
    return new ClientException(
        Kind.FAILED,
        endpoint
            + ": the connection broke: "
            + lowerCase(failure)
            + "; did the broker end, another connection take the client id, or was more sent at"
            + " once than it takes? its log tells",
        failure);
  }

  /** Of something that is no MQTT, or not as the standard has it. */
  static ClientException of(PacketException failure, Endpoint endpoint, boolean isFirst) {
    return new ClientException(
        Kind.UNREACHABLE,
        endpoint
            + ": the broker broke the protocol: "
            + failure.getMessage()
            + (isFirst && !endpoint.transport().isTls()
                ? "; does this port want TLS (mqtts, wss), or speak something else than MQTT?"
                : ""),
        failure);
  }

  private static String text(IOException failure, Endpoint endpoint) {
    return switch (failure) {
      case ConnectException _ ->
          "nobody takes connections there ("
              + lowerCase(failure)
              + "); is the broker running, and is this its port?";
      case SSLException tls -> tlsText(tls);
      case ProtocolException _ -> lowerCase(failure);
      default ->
          lowerCase(failure)
              + (endpoint.transport().isTls()
                  ? "; does this port speak TLS?"
                  : "; does this port want TLS (mqtts, wss)?");
    };
  }

  private static String tlsText(SSLException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateException) {
        return "the server's certificate is not trusted: "
            + lowerCase(innermost(cause))
            + "; name the broker's authority with --cafile, and the host as its certificate does";
      }
    }
    String message = String.valueOf(failure.getMessage());
    if (message.contains("certificate_required") || message.contains("bad_certificate")) {
      return "the server wants a client certificate: give --cert and --key, signed by an authority"
          + " that it trusts: "
          + message;
    }
    if (message.contains("plaintext connection")) {
      return "the server does not speak TLS on this port";
    }
    return "TLS failed: " + message;
  }

  private static Throwable innermost(Throwable failure) {
    Throwable inner = failure;
    while (inner.getCause() != null) {
      inner = inner.getCause();
    }
    return inner;
  }

  private static String lowerCase(Throwable failure) {
    String message = failure.getMessage();
    if (message == null || message.isEmpty()) {
      return failure.getClass().getSimpleName();
    }
    boolean isWord = message.length() > 1 && Character.isLowerCase(message.charAt(1));
    if (!isWord) {
      return message;
    }
    return message.substring(0, 1).toLowerCase(Locale.ROOT) + message.substring(1);
  }

  static ClientException of(ConnAck refusal, Endpoint endpoint) {
    ReasonCode reason = refusal.reason();
    return new ClientException(
        reason == ReasonCode.NOT_AUTHORIZED ? Kind.UNREACHABLE : kind(reason),
        endpoint
            + ": the broker refused the connection: "
            + reason(reason, refusal.properties())
            + hint(reason));
  }

  static ClientException of(Disconnect goodbye, Endpoint endpoint) {
    return new ClientException(
        kind(goodbye.reason()),
        endpoint
            + ": the broker ended the connection: "
            + reason(goodbye.reason(), goodbye.properties())
            + hint(goodbye.reason()));
  }

  private static Kind kind(ReasonCode reason) {
    return switch (reason) {
      case BAD_USER_NAME_OR_PASSWORD,
          BANNED,
          BAD_AUTHENTICATION_METHOD,
          SERVER_UNAVAILABLE,
          SERVER_BUSY,
          SERVER_SHUTTING_DOWN,
          USE_ANOTHER_SERVER,
          SERVER_MOVED,
          CONNECTION_RATE_EXCEEDED,
          QUOTA_EXCEEDED,
          UNSPECIFIED_ERROR ->
          Kind.UNREACHABLE;
      case SUCCESS, KEEP_ALIVE_TIMEOUT, SESSION_TAKEN_OVER, MAXIMUM_CONNECT_TIME -> Kind.FAILED;
      default -> Kind.REFUSED;
    };
  }

  /**
   * What a message or a subscription was refused for: where there was no room there may be some.
   */
  public static Kind ofRefusal(ReasonCode reason) {
    return reason == ReasonCode.QUOTA_EXCEEDED ? Kind.UNREACHABLE : Kind.REFUSED;
  }

  /** What to do about a message or a subscription that was refused. */
  public static String hintOfRefusal(ReasonCode reason) {
    return reason == ReasonCode.QUOTA_EXCEEDED
        ? "; a limit is reached or the store is full, which the broker's log tells"
        : "; see which policy applies to this client";
  }

  /** {@code not authorized (0x87), "no policy allows it"}. */
  public static String reason(ReasonCode reason, Properties properties) {
    String text =
        "%s (0x%02X)"
            .formatted(reason.name().toLowerCase(Locale.ROOT).replace('_', ' '), reason.code());
    String words = properties.string(Property.REASON_STRING);
    return words == null ? text : text + ", \"" + words + "\"";
  }

  private static String hint(ReasonCode reason) {
    return switch (reason) {
      case BAD_USER_NAME_OR_PASSWORD, NOT_AUTHORIZED ->
          "; check the certificate (--cert, --key), the token (--token-file) or the password, and"
              + " that the client id may be used with it";
      case CLIENT_IDENTIFIER_NOT_VALID -> "; choose another --id";
      case UNSUPPORTED_PROTOCOL_VERSION -> "; try --mqtt 3.1.1";
      case SESSION_TAKEN_OVER -> "; another connection uses this client id";
      default -> "";
    };
  }
}
