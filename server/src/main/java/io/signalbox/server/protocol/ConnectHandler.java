package io.signalbox.server.protocol;

import io.signalbox.server.auth.AccessDecision;
import io.signalbox.server.auth.Authentication;
import io.signalbox.server.auth.Authorizer;
import io.signalbox.server.config.LimitsConfig;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.Will;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.session.ClientConnection;
import io.signalbox.server.session.OpenRequest;
import io.signalbox.server.session.OpenResult;
import io.signalbox.server.session.Session;
import io.signalbox.server.session.SessionWill;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** CONNECT: who is it, may it connect, which session is its own (MQTT 5.0 section 3.1). */
final class ConnectHandler {
  private static final Logger LOG = System.getLogger(ConnectHandler.class.getName());
  private static final int RECEIVE_MAXIMUM_DEFAULT = 65_535;
  private static final int PACKET_BYTES_UNLIMITED = 268_435_460;

  private final ProtocolContext context;
  private final AccessReview review;

  ConnectHandler(ProtocolContext context) {
    this.context = context;
    this.review = new AccessReview(context);
  }

  /**
   * @return false: refused
   */
  boolean check(Client client, Connect connect) {
    boolean v5 = connect.version() == ProtocolVersion.V5;
    client.connecting(
        connect.clientId(),
        connect.properties().number(Property.REQUEST_PROBLEM_INFORMATION, 1) != 0);
    if (connect.clientId().isEmpty() && !v5 && !connect.cleanStart()) {
      refuse(
          client,
          ReasonCode.CLIENT_IDENTIFIER_NOT_VALID,
          "an empty client identifier needs clean session 1"); // [MQTT-3.1.3-8] of 3.1.1
      return false;
    }
    Will will = connect.will();
    int levels = will == null ? 0 : will.topic().levelCount();
    if (levels > context.limits().topicLevelsMax()) {
      context
          .metrics()
          .limitsReached
          .inc(Metrics.Limit.TOPIC_LEVELS, client.connection().loop().index());
      refuse(
          client,
          ReasonCode.TOPIC_NAME_INVALID,
          "a will topic of "
              + levels
              + " levels, limits.topic-levels-max is "
              + context.limits().topicLevelsMax());
      return false;
    }
    int idBytes = connect.clientId().getBytes(StandardCharsets.UTF_8).length;
    if (idBytes > context.limits().clientIdBytesMax()) {
      context
          .metrics()
          .limitsReached
          .inc(Metrics.Limit.CLIENT_ID_BYTES, client.connection().loop().index());
      refuse(
          client,
          ReasonCode.CLIENT_IDENTIFIER_NOT_VALID,
          "client identifier of "
              + idBytes
              + " bytes, limits.client-id-bytes-max is "
              + context.limits().clientIdBytesMax());
      return false;
    }
    return true;
  }

  /** The client's reads are suspended until CONNACK. */
  void authenticate(Client client, Connect connect) {
    context
        .authenticator()
        .authenticate(
            connect,
            client.connection().peer(),
            client.connection().loop(),
            outcome -> authenticated(client, connect, outcome));
  }

  void authenticated(Client client, Connect connect, Authentication outcome) {
    if (client.phase() != Client.Phase.CONNECTING) {
      tooLate(client, outcome);
      return;
    }
    switch (outcome) {
      case Authentication.Rejected rejected -> rejected(client, rejected, rejected.reason());
      case Authentication.Continue _ ->
          throw new IllegalStateException("an exchange without an authentication method");
      case Authentication.Accepted accepted -> authorize(client, connect, accepted.principal());
    }
  }

  private void authorize(Client client, Connect connect, Principal principal) {
    boolean assigned = connect.clientId().isEmpty();
    String clientId = assigned ? newClientId() : connect.clientId(); // [MQTT-3.1.3-6]
    Authorizer authorizer = authorizer(client, principal, clientId);
    client.connecting(
        clientId, connect.properties().number(Property.REQUEST_PROBLEM_INFORMATION, 1) != 0);
    client.authenticated(principal, authorizer);
    context.refusals().unresolved(client);
    AccessDecision mayConnect = authorizer.connect();
    if (!mayConnect.allowed()) {
      context
          .metrics()
          .policyDenials
          .inc(Metrics.Denial.CONNECT, client.connection().loop().index());
      String problem = LogText.quote(principal.id()) + " may not connect: ";
      context.refusals().refused(Refusals.Action.CONNECT, client, "", mayConnect);
      refuse(client, problem + mayConnect.rule(), problem + mayConnect.audit());
      return;
    }
    Will will = connect.will();
    if (will != null) {
      AccessDecision mayWill =
          authorizer.publish(will.topic(), will.qos(), will.retain(), will.payload().length);
      if (!mayWill.allowed() || will.topic().startsWithDollar()) {
        context
            .metrics()
            .policyDenials
            .inc(Metrics.Denial.WILL, client.connection().loop().index());
        String problem =
            "%s may not publish its will to %s: "
                .formatted(LogText.quote(principal.id()), LogText.quote(will.topic().toString()));
        String rule =
            mayWill.allowed() ? "topics that start with $ are the server's" : mayWill.rule();
        if (!mayWill.allowed()) {
          context
              .refusals()
              .refused(Refusals.Action.WILL, client, will.topic().toString(), mayWill);
        }
        refuse(client, problem + rule, problem + (mayWill.allowed() ? rule : mayWill.audit()));
        return;
      }
    }
    openSession(client, connect, clientId, assigned);
  }

  private Authorizer authorizer(Client client, Principal principal, String clientId) {
    Peer peer = client.connection().peer();
    return context
        .authorizers()
        .of(
            principal,
            clientId,
            peer.listener(),
            peer.transport(),
            peer.address(),
            peer.tlsVersion() == null ? "" : peer.tlsVersion());
  }

  /**
   * A connected client showed a fresh credential: what it may do is asked anew from here on. If
   * that was withdrawn meanwhile, its connection ends.
   *
   * @param mark when the check of the credential began, in {@link LiveClients#epoch}
   * @return false: with it, the client may not even connect
   */
  boolean renew(Client client, Principal principal, long mark) {
    take(client, principal);
    client.session().renewWill(client.connection(), principal);
    Optional<Ending> withdrawn = client.withdrawnSince(mark);
    if (withdrawn.isPresent()) {
      client.endAndTell(withdrawn.get());
      return true;
    }
    Principal known = client.refreshedSince(mark);
    if (!known.equals(principal)) {
      take(client, known);
    }
    boolean mayConnect = client.authorizer().connect().allowed();
    if (mayConnect) {
      review.review(client); // a new token may say less
    }
    return mayConnect;
  }

  /** Something else is known of a connected client: what it may do is asked anew from here on. */
  void refreshed(Client client, Principal principal) {
    take(client, principal);
    review.review(client);
  }

  /** As {@link #renew}, and a client that may not connect with it is treated as policies say. */
  void renewOrRestrict(Client client, Principal principal, long mark) {
    if (!renew(client, principal, mark)) {
      review.review(client);
    }
  }

  private void take(Client client, Principal principal) {
    client.authenticated(principal, authorizer(client, principal, client.clientId()));
    client.scheduleCredentialEnd();
  }

  private void openSession(Client client, Connect connect, String clientId, boolean assigned) {
    LimitsConfig limits = context.limits();
    Properties asked = connect.properties();
    long expiry = sessionExpirySeconds(connect);
    int receiveMaximum =
        (int)
            Math.min(
                asked.number(Property.RECEIVE_MAXIMUM, RECEIVE_MAXIMUM_DEFAULT),
                limits.outboundInflightMax());
    int aliases =
        (int)
            Math.min(asked.number(Property.TOPIC_ALIAS_MAXIMUM, 0), limits.outboundTopicAliasMax());
    context
        .sessions()
        .open(
            new OpenRequest(
                clientId,
                connect.cleanStart(),
                client.principal().id(),
                expiry,
                toWill(client, connect.will()),
                receiveMaximum,
                aliases,
                client.connection(),
                result -> opened(client, connect, assigned, expiry, result)));
  }

  private void opened(
      Client client, Connect connect, boolean assigned, long expiry, OpenResult result) {
    switch (result) {
      case OpenResult.Refused refused -> {
        if (client.phase() == Client.Phase.CONNECTING) {
          if (refused.reason() == ReasonCode.CLIENT_IDENTIFIER_NOT_VALID) {
            context.refusals().takeOver(client, refused.problem());
          }
          refuse(client, refused.reason(), refused.problem());
        }
      }
      case OpenResult.Opened opened -> {
        if (client.phase() != Client.Phase.CONNECTING) {
          opened
              .session()
              .connectionEnded(client.connection(), lateFate(client, opened.sessionPresent()));
          return;
        }
        try {
          accept(client, connect, assigned, expiry, opened);
        } catch (RuntimeException e) {
          client.closing(Metrics.Close.INTERNAL_ERROR); // the session is who ends it
          throw e;
        }
      }
    }
  }

  /** Of a client that went before its session was open. */
  private static Session.WillFate lateFate(Client client, boolean sessionPresent) {
    if (client.isEndedByShutdown()) {
      return Session.WillFate.KEEP;
    }
    return client.isRefused() ? refusedFate(sessionPresent) : Session.WillFate.SEND;
  }

  /** In a session that was there its Will took an earlier one's place [MQTT-3.1.2-8]. */
  private static Session.WillFate refusedFate(boolean sessionPresent) {
    return sessionPresent ? Session.WillFate.SEND : Session.WillFate.DISCARD;
  }

  private void accept(
      Client client, Connect connect, boolean assigned, long expiry, OpenResult.Opened opened) {
    Properties asked = connect.properties();
    int keepAlive = keepAliveSeconds(connect);
    client.listed(connect.cleanStart(), keepAlive);
    Optional<Ending> withdrawn = client.withdrawnSince(client.credentialEpoch());
    if (withdrawn.isPresent()) {
      client.unlisted();
      opened.session().connectionEnded(client.connection(), refusedFate(opened.sessionPresent()));
      refuse(client, withdrawn.get().reason(), withdrawn.get().text());
      return;
    }
    context.metrics().connectsAccepted.inc(client.connection().loop().index());
    client.connected(
        opened.session(),
        asked.number(Property.SESSION_EXPIRY_INTERVAL, 0) > 0,
        connect.version() == ProtocolVersion.V5 ? context.limits().topicAliasMaximum() : 0);
    client
        .connection()
        .accepted(
            keepAlive,
            (int)
                Math.min(
                    asked.number(Property.MAXIMUM_PACKET_SIZE, PACKET_BYTES_UNLIMITED),
                    PACKET_BYTES_UNLIMITED),
            asked.number(Property.REQUEST_PROBLEM_INFORMATION, 1) != 0);
    Properties answer =
        connect.version() == ProtocolVersion.V5
            ? connAckProperties(client, connect, assigned, expiry, keepAlive)
            : Properties.NONE;
    ClientConnection connection = client.connection();
    boolean fits =
        connection.send(
            new ConnAck(opened.sessionPresent(), ReasonCode.SUCCESS, answer)); // [MQTT-3.2.0-1]
    if (!fits && connection.isOpen()) {
      // A client that cannot be told that it is connected could be told nothing else either.
      client.closing(Metrics.Close.PROTOCOL_ERROR);
      client.end(Session.WillFate.DISCARD);
      connection.close();
      return;
    }
    LOG.log(
        Level.DEBUG,
        "client {0} connected on {1} as {2}, session {3}",
        LogText.quote(client.clientId()),
        client.connection().peer(),
        LogText.quote(client.principal().id()),
        opened.sessionPresent() ? "resumed" : "new");
    // Between the decision to let it in and now there may be another principal, other policies.
    Principal known = client.refreshedSince(client.credentialEpoch());
    if (!known.equals(client.principal())) {
      refreshed(client, known);
    } else if (client.authorizer().refresh()) {
      review.review(client);
    } else if (opened.sessionPresent()) {
      review.resumed(client);
    }
    opened.session().start();
    client.connection().resumeReads();
  }

  private Properties connAckProperties(
      Client client, Connect connect, boolean assigned, long expiry, int keepAlive) {
    LimitsConfig limits = context.limits();
    Properties.Builder answer = Properties.builder();
    if (expiry != connect.properties().number(Property.SESSION_EXPIRY_INTERVAL, 0)) {
      answer.put(Property.SESSION_EXPIRY_INTERVAL, expiry);
    }
    if (limits.receiveMaximum() != RECEIVE_MAXIMUM_DEFAULT) {
      answer.put(Property.RECEIVE_MAXIMUM, limits.receiveMaximum());
    }
    answer.put(Property.MAXIMUM_PACKET_SIZE, limits.packetBytesMax());
    if (assigned) {
      answer.put(Property.ASSIGNED_CLIENT_IDENTIFIER, client.clientId()); // [MQTT-3.2.2-16]
    }
    if (limits.topicAliasMaximum() > 0) {
      answer.put(Property.TOPIC_ALIAS_MAXIMUM, limits.topicAliasMaximum());
    }
    EnhancedAuth auth = client.enhancedAuth();
    if (auth != null) {
      answer.put(Property.AUTHENTICATION_METHOD, auth.method()); // section 4.12
      if (auth.finalData().length > 0) {
        answer.put(Property.AUTHENTICATION_DATA, auth.finalData());
      }
    }
    if (keepAlive != connect.keepAliveSeconds()) {
      answer.put(Property.SERVER_KEEP_ALIVE, keepAlive); // [MQTT-3.2.2-21]
    }
    return answer.build();
  }

  private long sessionExpirySeconds(Connect connect) {
    long most = context.sessionConfig().expirySecondsMax();
    if (connect.version() == ProtocolVersion.V5) {
      return Math.min(connect.properties().number(Property.SESSION_EXPIRY_INTERVAL, 0), most);
    }
    return connect.cleanStart() ? 0 : most; // 3.1.1 knows no interval
  }

  private int keepAliveSeconds(Connect connect) {
    int most = context.limits().keepAliveSecondsMax();
    int asked = connect.keepAliveSeconds();
    return most > 0 && (asked == 0 || asked > most) ? most : asked;
  }

  private static @Nullable SessionWill toWill(Client client, @Nullable Will will) {
    if (will == null) {
      return null;
    }
    Peer peer = client.connection().peer();
    return new SessionWill(
        will.topic(),
        will.qos(),
        will.retain(),
        will.properties().forwarded(),
        will.payload(),
        will.properties().number(Property.MESSAGE_EXPIRY_INTERVAL, -1),
        will.properties().number(Property.WILL_DELAY_INTERVAL, 0),
        client.principal(),
        peer.listener(),
        peer.transport(),
        peer.address().getHostAddress(),
        peer.tlsVersion() == null ? "" : peer.tlsVersion());
  }

  /** 96 random bits: nobody guesses the identifier of another's session. */
  private String newClientId() {
    byte[] bits = new byte[12];
    context.random().nextBytes(bits);
    return "auto-" + HexFormat.of().formatHex(bits);
  }

  private static Metrics.Refusal refusal(ReasonCode reason) {
    return switch (reason) {
      case CLIENT_IDENTIFIER_NOT_VALID -> Metrics.Refusal.CLIENT_ID_INVALID;
      case BAD_USER_NAME_OR_PASSWORD -> Metrics.Refusal.BAD_CREDENTIALS;
      case BAD_AUTHENTICATION_METHOD -> Metrics.Refusal.BAD_AUTHENTICATION_METHOD;
      case QUOTA_EXCEEDED, TOPIC_NAME_INVALID -> Metrics.Refusal.QUOTA_EXCEEDED;
      case SERVER_BUSY -> Metrics.Refusal.SERVER_BUSY;
      case SERVER_UNAVAILABLE -> Metrics.Refusal.SERVER_UNAVAILABLE;
      default -> Metrics.Refusal.NOT_AUTHORIZED;
    };
  }

  /**
   * What it showed was not taken.
   *
   * @param reason of the answer
   */
  void rejected(Client client, Authentication.Rejected rejected, ReasonCode reason) {
    countRefused(client, rejected);
    refuse(client, reason, rejected.cause());
  }

  /** The client has gone, or its time was over; a guess was one all the same. */
  static void tooLate(Client client, Authentication outcome) {
    if (outcome instanceof Authentication.Rejected rejected) {
      countRefused(client, rejected);
    }
  }

  static void countRefused(Client client, Authentication.Rejected rejected) {
    switch (rejected.reason()) {
      case BAD_USER_NAME_OR_PASSWORD, NOT_AUTHORIZED ->
          client.connection().credentialRefused(rejected.isGuess());
      default -> {} // nobody said that it is bad
    }
  }

  void refuse(Client client, ReasonCode reason, String problem) {
    refuse(client, reason, problem, problem);
  }

  /** The policies say no. */
  private void refuse(Client client, String problem, String audit) {
    refuse(client, ReasonCode.NOT_AUTHORIZED, problem, audit);
  }

  private void refuse(Client client, ReasonCode reason, String problem, String audit) {
    context.metrics().connectsRefused.inc(refusal(reason), client.connection().loop().index());
    LOG.log(
        Level.WARNING,
        "refused client {0} on {1}: {2} (0x{3})",
        LogText.quote(client.clientId()),
        client.connection().peer(),
        audit,
        Integer.toHexString(reason.code()));
    client.refuse(reason, problem);
  }
}
