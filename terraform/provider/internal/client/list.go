package client

import (
	"context"
	"net/url"
	"strconv"
)

// pageItems is the most that the API gives at once.
const pageItems = 1000

// List reads all pages. The most items that are kept are max; one more is an error of the caller's choice of filter.
func List[T any](ctx context.Context, c *Client, path string, filter url.Values, max int) (items []T, complete bool, err error) {
	query := url.Values{}
	for key, values := range filter {
		query[key] = values
	}
	query.Set("limit", strconv.Itoa(pageItems))
	for {
		var page Page[T]
		if err := c.Get(ctx, path+"?"+query.Encode(), &page); err != nil {
			return nil, false, err
		}
		items = append(items, page.Items...)
		if len(items) > max {
			return items[:max], false, nil
		}
		if page.Next == "" {
			return items, true, nil
		}
		query.Set("cursor", page.Next)
	}
}
