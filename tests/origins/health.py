"""grpc.health.v1, as any client asks it."""

import grpc

from support import WAIT

# Made by support, under a name that is not grpcio's own package.
from grpc_protos.health.v1 import health_pb2

CHECK = "/grpc.health.v1.Health/Check"


class Health:
    def __init__(self, channel):
        self._check = channel.unary_unary(
            CHECK,
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString)

    def check(self, service):
        """"SERVING", "NOT_SERVING", or "NOT_FOUND" where there is no such
        service."""
        try:
            answer = self._check(
                health_pb2.HealthCheckRequest(service=service), timeout=WAIT)
        except grpc.RpcError as error:
            return error.code().name
        return health_pb2.HealthCheckResponse.ServingStatus.Name(
            answer.status)
