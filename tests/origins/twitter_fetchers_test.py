#!/usr/bin/env python3
"""Origin 8, the Twitter fetchers: an http source with `pages`."""

import collections
import json
import random
import unittest
import urllib.parse

import grpc

from scripted_http import ScriptedHttp
from support import ServerTest, details_of

PAGES = 40


class Followers:
    """A list of ids in pages of ten behind `cursor`; each page begins with the
    last two ids of the one before. `errors` are (page, status), each answered
    once before the page is."""

    def __init__(self, pages=PAGES, errors=(), change=lambda page, body: body):
        self.ids = list(range(1000, 1000 + pages * 10))
        self._pages = pages
        self._errors = collections.defaultdict(list)
        for page, status in errors:
            self._errors[page].append(status)
        self._change = change
        self.served = []  # pages, in the order in which they were served

    def cursor(self, page):
        return (page * 7919) % 10007 if page else -1

    def __call__(self, _, path):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)
        cursor = int(query["cursor"][0]) if "cursor" in query else -1
        page = next(p for p in range(self._pages) if self.cursor(p) == cursor)
        if self._errors[page]:
            return self._errors[page].pop(), "Over capacity"
        self.served.append(page)
        body = json.dumps({
            "ids": self.ids[max(0, page * 10 - 2):page * 10 + 10],
            "next_cursor":
                0 if page + 1 == self._pages else self.cursor(page + 1)})
        return 200, self._change(page, body)


class TwitterFetchers(ServerTest):
    def fetch(self, script, more=""):
        """One lookup of the whole list."""
        self.http = ScriptedHttp(script)
        self.addCleanup(self.http.stop)
        lookups = self.lookups(self.server(f"""
sources:
  followers:
    http:
      url: "http://{self.http.address}/followers/ids.json?name={{key}}"
      pages:
        {{ parameter: cursor, next: /next_cursor, items: /ids {more} }}
    timeout: 20s
tables:
  followers: {{ race: [followers], deadline: 25s }}
"""))
        return lookups.get("terrycojones", table="followers")

    def fails(self, script, more=""):
        """The failure, as a caller is told it."""
        with self.assertRaises(grpc.RpcError) as caught:
            self.fetch(script, more)
        report = details_of(caught.exception)["frontrunner.v1.RaceReport"]
        return caught.exception.code(), report.entrants[0].message

    @staticmethod
    def some_errors(count, seed=1):
        rng = random.Random(seed)
        return [(rng.randrange(PAGES), rng.choice([500, 502, 503]))
                for _ in range(count)]

    def test_a_list_in_pages_behind_a_cursor_is_fetched_with_one_lookup(self):
        followers = Followers()
        answer = self.fetch(followers)
        self.assertEqual(answer.source, "followers")
        self.assertEqual(json.loads(answer.value), followers.ids)
        self.assertEqual(followers.served, list(range(PAGES)))
        self.assertEqual(self.http.paths()[0],
                         "/followers/ids.json?name=terrycojones")

    def test_it_ends_at_a_cursor_of_zero(self):
        followers = Followers(pages=1)
        self.assertEqual(json.loads(self.fetch(followers).value),
                         followers.ids)
        self.assertEqual(len(self.http.paths()), 1)

    def test_ten_errors_in_total_are_tolerated(self):
        followers = Followers(errors=self.some_errors(10))
        answer = self.fetch(followers)
        self.assertEqual(json.loads(answer.value), followers.ids)
        self.assertEqual(len(self.http.paths()), PAGES + 10)

    def test_the_eleventh_is_a_failure(self):
        code, message = self.fails(Followers(errors=self.some_errors(11)))
        self.assertEqual(code, grpc.StatusCode.UNAVAILABLE)
        self.assertRegex(message, "50[023]")

    def test_other_errors_are_not_tolerated(self):
        code, _ = self.fails(Followers(errors=[(3, 403)]))
        self.assertEqual(code, grpc.StatusCode.PERMISSION_DENIED)
        self.assertEqual(len(self.http.paths()), 4)

    def test_finished_pages_are_kept_when_a_page_is_retried(self):
        followers = Followers(errors=[(20, 503), (20, 500), (39, 502)])
        self.fetch(followers)
        self.assertEqual(followers.served, list(range(PAGES)),
                         "each once, and none of them again")

    def test_items_are_returned_once_each_in_the_order_first_seen(self):
        pages = {0: [3, 1, 3, 2], 1: [2, 9, 1], 2: [9, 0, 3]}
        answer = self.fetch(lambda number, path: (200, json.dumps(
            {"ids": pages[number - 1], "next_cursor": number % 3})))
        self.assertEqual(json.loads(answer.value), [3, 1, 2, 9, 0])

    def test_items_may_have_an_id_by_which_they_are_told_apart(self):
        pages = {0: [{"id": 7, "name": "seven"}, {"id": 8, "name": "eight"}],
                 1: [{"id": 8, "name": "ate"}, {"id": 9, "name": "nine"}]}
        answer = self.fetch(lambda number, path: (200, json.dumps(
            {"ids": pages[number - 1], "next_cursor": number % 2})),
                            more=", id: /id")
        self.assertEqual([item["name"] for item in json.loads(answer.value)],
                         ["seven", "eight", "nine"])

    def test_malformed_data_ends_it_with_an_error(self):
        for bad in ("{", '{"next_cursor": 0}', '{"ids": 7, "next_cursor": 0}',
                    "<html>"):
            with self.subTest(bad):
                code, message = self.fails(Followers(
                    change=lambda page, body, bad=bad: bad if page == 5
                    else body))
                self.assertEqual(code, grpc.StatusCode.INTERNAL)
                self.assertIn("page", message)
                self.assertEqual(len(self.http.paths()), 6)

    def test_a_cursor_that_goes_in_circles_is_an_error(self):
        code, message = self.fails(
            lambda number, path: (200, json.dumps(
                {"ids": [number], "next_cursor": 1 + number % 3})))
        self.assertEqual(code, grpc.StatusCode.INTERNAL)
        self.assertIn("cursor", message)

    def test_more_pages_than_the_limit_are_an_error(self):
        followers = Followers()
        self.assertEqual(json.loads(self.fetch(
            followers, more=f", max_pages: {PAGES}").value), followers.ids)
        code, message = self.fails(Followers(),
                                   more=f", max_pages: {PAGES - 1}")
        self.assertEqual(code, grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertIn("pages", message)
        self.assertEqual(len(self.http.paths()), PAGES - 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
