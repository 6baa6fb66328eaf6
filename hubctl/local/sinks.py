"""Where mails and text messages end on a developer's machine: real servers that deliver to files."""

import sys

from hubctl.local import probes
from hubctl.local.component import Component, Launch
from hubctl.local.ports import HOST, Port
from hubctl.local.state import Stack


def _launch(stack: Stack, module: str, port: Port, inspection: Port) -> Launch:
    arguments = (HOST, str(stack.port(port)), str(stack.port(inspection)), str(stack.state.sinks))
    return Launch(
        command=(sys.executable, "-m", module, *arguments),
        environment={},
        probe=probes.http_ok(stack.address(inspection), "/fault"),
    )


def prepare_smtp(stack: Stack) -> Launch:
    """Command line of the mail sink."""
    return _launch(stack, "hubctl.local.smtp_sink", Port.SMTP_SINK, Port.SMTP_SINK_INSPECTION)


def prepare_sms(stack: Stack) -> Launch:
    """Command line of the SMS sink."""
    return _launch(stack, "hubctl.local.sms_sink", Port.SMS_SINK, Port.SMS_SINK_INSPECTION)


SMTP_SINK = Component(name="smtp-sink", prepare=prepare_smtp, ports=(Port.SMTP_SINK, Port.SMTP_SINK_INSPECTION))
SMS_SINK = Component(name="sms-sink", prepare=prepare_sms, ports=(Port.SMS_SINK, Port.SMS_SINK_INSPECTION))
