package io.signalbox.server.protocol;

import io.signalbox.server.auth.AccessDecision;
import io.signalbox.server.auth.AccessDecision.OnDenied;
import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.routing.Message;
import io.signalbox.server.session.Session;
import io.signalbox.server.store.StorePublish;
import io.signalbox.server.store.Submitter;
import io.signalbox.server.topic.TopicName;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/** PUBLISH from a client (MQTT 5.0 section 3.3). */
@ConfinedTo("its I/O thread")
final class PublishHandler {
  private static final Logger LOG = System.getLogger(PublishHandler.class.getName());

  private final ProtocolContext context;
  private final Publisher publisher;
  private final RenewHandler renewHandler;
  private final PubAckOrPubRec acknowledgement = new PubAckOrPubRec();

  PublishHandler(ProtocolContext context, Publisher publisher, RenewHandler renewHandler) {
    this.context = context;
    this.renewHandler = renewHandler;
    this.publisher = publisher;
  }

  void onPublish(Client client, Publish publish) throws PacketException {
    Properties properties = publish.properties();
    TopicName topic = publish.topic();
    if (topic == TopicName.EMPTY || properties.has(Property.TOPIC_ALIAS)) {
      topic = client.aliases().resolve((int) properties.number(Property.TOPIC_ALIAS, 0), topic);
    }
    Qos qos = publish.qos();
    context.metrics().publishReceived.inc(qos.value(), client.connection().loop().index());
    Session session = client.session();
    if (qos == Qos.EXACTLY_ONCE && session.inboundQos2().contains(publish.packetId())) {
      context.metrics().publishQos2Duplicates.inc(client.connection().loop().index());
      client.acks().repeated(publish.packetId()); // [MQTT-4.3.3-10]
      return;
    }
    if (qos != Qos.AT_MOST_ONCE) {
      if (client.isSuspended()) { // one before it found no room, and may not be overtaken
        client.acks().await(PendingAcks.Kind.PUBACK, publish.packetId(), null);
        return;
      }
      client.inboundBegun();
    }
    if (topic.levelCount() > context.limits().topicLevelsMax()) {
      context
          .metrics()
          .limitsReached
          .inc(Metrics.Limit.TOPIC_LEVELS, client.connection().loop().index());
      deny(
          client,
          publish,
          ReasonCode.TOPIC_NAME_INVALID,
          topic.levelCount()
              + " topic levels, limits.topic-levels-max is "
              + context.limits().topicLevelsMax(),
          OnDenied.DEFAULT);
      return;
    }
    if (topic.startsWithDollar()) {
      if (qos == Qos.AT_LEAST_ONCE && topic.toString().equals(RenewHandler.TOPIC)) {
        renewHandler.onPublish(client, publish);
        return;
      }
      deny(
          client,
          publish,
          ReasonCode.NOT_AUTHORIZED,
          "topics that start with $ are the server's",
          OnDenied.DEFAULT);
      return;
    }
    AccessDecision access =
        client.authorizer().publish(topic, qos, publish.retain(), publish.payload().length);
    if (!access.allowed()) {
      context
          .metrics()
          .policyDenials
          .inc(Metrics.Denial.PUBLISH, client.connection().loop().index());
      LOG.log(
          Level.WARNING,
          "client {0} as {1} may not publish to {2}: {3}",
          LogText.quote(client.clientId()),
          LogText.quote(client.principal().id()),
          LogText.quote(topic.toString()),
          access.audit());
      context.refusals().refused(Refusals.Action.PUBLISH, client, topic.toString(), access);
      deny(client, publish, ReasonCode.NOT_AUTHORIZED, access.rule(), access.onDenied());
      return;
    }
    Message message =
        new Message(
            topic,
            qos,
            publish.retain(),
            properties.forwarded(),
            expiresAtMillis(properties),
            publish.payload(),
            session,
            client.clientId());
    if (publish.retain() && !context.retained().accepts(message)) {
      context
          .metrics()
          .messagesDropped
          .inc(Metrics.Drop.RETAINED_LIMIT, client.connection().loop().index());
      deny(
          client,
          publish,
          ReasonCode.QUOTA_EXCEEDED,
          "the limit of retained messages is reached",
          OnDenied.DEFAULT);
      return;
    }
    if (qos == Qos.AT_MOST_ONCE) {
      publisher.publish(
          message,
          session,
          publish.retain() ? Publisher.Also.RETAINED : Publisher.Also.NOTHING,
          null);
      return;
    }
    acknowledgement.begin(client, publish);
    publisher.publish(message, session, also(session, publish), acknowledgement);
  }

  private static Publisher.Also also(Session session, Publish publish) {
    if (publish.qos() == Qos.EXACTLY_ONCE) {
      session.inboundQos2().add(publish.packetId());
      if (session.isDurable()) {
        var origin =
            new StorePublish.Qos2Origin(
                session.sessionNumber(), publish.packetId(), session.epoch());
        return new Publisher.Also(publish.retain(), origin, 0);
      }
    }
    return publish.retain() ? Publisher.Also.RETAINED : Publisher.Also.NOTHING;
  }

  private long expiresAtMillis(Properties properties) {
    long seconds = properties.number(Property.MESSAGE_EXPIRY_INTERVAL, -1);
    return seconds < 0
        ? Message.NEVER_EXPIRES
        : Message.expiresAtMillis(seconds, context.clocks().wallMillis());
  }

  /**
   * Nothing is published: 5.0 hears why and stays; 3.1.1 has no negative acknowledgement, so it
   * hears a positive one or the connection ends [MQTT-3.3.5-2].
   *
   * @param onDenied what the policy wants done
   */
  private void deny(
      Client client, Publish publish, ReasonCode reason, String why, OnDenied onDenied) {
    boolean isHeard = client.isV5() && publish.qos() != Qos.AT_MOST_ONCE;
    boolean silent = publish.qos() == Qos.AT_MOST_ONCE || onDenied == OnDenied.DROP;
    if (!isHeard && (onDenied == OnDenied.DISCONNECT || !silent)) {
      client.closing(Metrics.Close.NOT_AUTHORIZED);
      client.end(Session.WillFate.SEND);
      client.connection().disconnect(reason, why);
      return;
    }
    int packetId = publish.packetId();
    switch (publish.qos()) {
      case AT_MOST_ONCE -> {}
      case AT_LEAST_ONCE ->
          negative(client, new PubAck(packetId, reason, client.reasonString(why)));
      case EXACTLY_ONCE -> negative(client, new PubRec(packetId, reason, client.reasonString(why)));
    }
  }

  private static void negative(Client client, Packet answer) {
    client.acks().ready(PendingAcks.Kind.PACKET, 0, ReasonCode.SUCCESS, answer);
    client.inboundCompleted();
  }

  /**
   * One object for all publishes of the thread: valid during a call of {@link Publisher#publish}
   * only.
   */
  private static final class PubAckOrPubRec implements Publisher.Acknowledgement {
    private @Nullable Client client;
    private PendingAcks.Kind kind = PendingAcks.Kind.PUBACK;
    private int packetId;

    void begin(Client of, Publish publish) {
      client = of;
      kind = publish.qos() == Qos.AT_LEAST_ONCE ? PendingAcks.Kind.PUBACK : PendingAcks.Kind.PUBREC;
      packetId = publish.packetId();
    }

    private PendingAcks acks() {
      Client of = client;
      assert of != null : "no publish under way";
      return of.acks();
    }

    @Override
    public void now(ReasonCode reason) {
      acks().ready(kind, packetId, reason, null);
    }

    @Override
    public boolean isLazy() {
      Client of = client;
      return of != null && of.connection().peer().lazyDurability();
    }

    @Override
    public @Nullable Submitter submitter() {
      Client of = client;
      return of == null || of.isV5() ? null : of.submitter();
    }

    @Override
    public PendingAcks.Ack afterCommit() {
      return acks().await(kind, packetId, null);
    }
  }
}
