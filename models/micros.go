package models

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"gorm.io/gorm/schema"
)

// Times are stored as microseconds since 1970; zero has not happened.

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func toMicros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// microsSerializer reads and writes time.Time fields that are tagged `serializer:micros`.
type microsSerializer struct{}

func init() { schema.RegisterSerializer("micros", microsSerializer{}) }

func (microsSerializer) Scan(ctx context.Context, field *schema.Field, dst reflect.Value, value any) error {
	us, ok := value.(int64)
	if !ok && value != nil {
		return fmt.Errorf("read %s: want microseconds, got %T", field.Name, value)
	}
	return field.Set(ctx, dst, fromMicros(us))
}

func (microsSerializer) Value(_ context.Context, field *schema.Field, _ reflect.Value, value any) (any, error) {
	t, ok := value.(time.Time)
	if !ok {
		return nil, fmt.Errorf("write %s: want a time, got %T", field.Name, value)
	}
	return toMicros(t), nil
}
