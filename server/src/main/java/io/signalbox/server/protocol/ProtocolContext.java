package io.signalbox.server.protocol;

import io.signalbox.server.auth.Authenticator;
import io.signalbox.server.auth.Authorizers;
import io.signalbox.server.auth.ExchangeAuthenticator;
import io.signalbox.server.config.LimitsConfig;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.retained.RetainedMessages;
import io.signalbox.server.session.SessionRegistry;
import io.signalbox.server.store.StoreWriter;
import java.util.random.RandomGenerator;

/** What every packet handler shares. Safe for every I/O thread. */
public record ProtocolContext(
    SessionRegistry sessions,
    LiveClients clients,
    RetainedMessages retained,
    StoreWriter writer,
    Authenticator authenticator,
    ExchangeAuthenticator exchanges,
    Authorizers authorizers,
    Refusals refusals,
    LimitsConfig limits,
    SessionConfig sessionConfig,
    Metrics metrics,
    Clocks clocks,
    RandomGenerator random) {}
